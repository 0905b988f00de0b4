"""Where the time of a request goes: spans, in this process and in replicas."""
