"""Model files: found, downloaded, read, and run by ONNX Runtime."""
