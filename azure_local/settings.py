"""The one tenant and the one subscription of the local Azure, and the operator who owns the subscription."""

TENANT = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
OPERATOR = "11111111-2222-3333-4444-555555555555"
