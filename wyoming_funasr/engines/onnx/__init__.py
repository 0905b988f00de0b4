"""Networks on ONNX Runtime, for CPUs: graphs made here, filled with a checkpoint's weights."""
