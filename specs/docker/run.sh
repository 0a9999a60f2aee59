#!/bin/sh
# What the example image of specs/images.yaml and specs/gpu.yaml runs.
exec "${@:-/bin/sh}"
