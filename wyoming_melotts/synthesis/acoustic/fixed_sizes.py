"""What upstream fixes of the acoustic model, whatever a configuration says."""

import math

BERT_CHANNELS = 768
"""Of the features that every published voice reads, the checkpoints' `ja_bert`."""

LARGE_BERT_CHANNELS = 1024
"""Of those that none reads."""

WINDOW = 4
"""Relative positions of the attention reach this many steps to each side."""

CONDITIONED_LAYER = 2
"""The speaker is added before this layer of an encoder."""

FLOW_KERNEL_SIZE = 5
"""Of the feed-forward layers in the flow."""

DURATION_CHANNELS = 256
"""Of the deterministic duration predictor."""

STOCHASTIC_FLOWS = (7, 5, 3)
"""Positions of the stochastic duration predictor's coupling flows in the checkpoint, in the order
that inference applies them."""

SPLINE_BINS = 10

TAIL_BOUND = 5.0
"""A spline spans [-TAIL_BOUND, TAIL_BOUND] on both axes; outside it is the identity."""

LEAST_BIN = 1e-3
LEAST_SLOPE = 1e-3

EDGE_LOGIT = math.log(math.exp(1 - LEAST_SLOPE) - 1)
"""Makes a spline's slope 1 at both ends, where the identity goes on."""
