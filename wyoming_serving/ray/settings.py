"""Where an engine runs, and in how many replicas."""

from typing import Literal, Self

from pydantic import Field, model_validator

from wyoming_serving.settings import Settings


class EngineSettings(Settings):
    """Settings of a service whose engine may run in a Ray cluster."""

    engine: Literal["in-process", "ray"] = Field(
        "in-process",
        description="Where models run: in this process, or in replicas in a Ray cluster "
        "(docs/scaling.md)",
    )
    ray_address: str = Field(
        "auto",
        pattern=r"^(auto|[^\s:/]+:\d{1,5})$",
        description="The Ray cluster; auto is the one that this machine is a node of",
        json_schema_extra={"allowed": "auto, HOST:PORT"},
    )
    ray_min_replicas: int = Field(
        1, ge=1, le=1000, description="Replicas of the model in the Ray cluster, at least"
    )
    ray_max_replicas: int = Field(1, ge=1, le=1000, description="The same, at most")
    ray_replica_cpus: float = Field(
        1.0,
        gt=0,
        le=1024,
        description="CPUs that Ray sets apart for a replica; threads follow it unless they are set",
    )
    ray_replica_gpus: float = Field(
        0.0, ge=0, le=64, description="GPUs, or the share of one, that Ray sets apart for a replica"
    )
    ray_target_requests: float = Field(
        4.0,
        gt=0,
        le=10_000,
        description="Requests at a replica, on average, above which a further one is started",
    )
    ray_upscale_seconds: float = Field(
        10.0, ge=0, le=86_400, description="How long there must be more before it is started"
    )
    ray_downscale_seconds: float = Field(
        300.0, ge=0, le=86_400, description="How long there must be fewer before one is ended"
    )
    ray_start_seconds: float = Field(
        300.0,
        gt=0,
        le=86_400,
        description="How long `deploy` and a front wait for replicas: for room in the cluster, "
        "downloads and loading",
    )
    ray_health_seconds: float = Field(
        5.0,
        gt=0,
        le=600,
        description="Time between two checks of a replica, and for its answer; it is replaced "
        "after three that fail",
    )

    @model_validator(mode="after")
    def _check_replicas(self) -> Self:
        if self.ray_max_replicas < self.ray_min_replicas:
            raise ValueError(
                f"ray_max_replicas: {self.ray_max_replicas} is less than ray_min_replicas, "
                f"{self.ray_min_replicas}"
            )
        return self
