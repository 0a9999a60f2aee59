"""The built-in roles of Microsoft.Batch. Source: learn.microsoft.com, Role-based access control for Azure Batch."""

from __future__ import annotations

from azure_local.azure import Role

GROUPS = "Microsoft.Resources/subscriptions/resourceGroups/read"
BUILT_IN = (
    Role(  # Azure Batch Account Contributor
        "29fe4964-1e60-436b-bd3a-77fd4c178b3c",
        actions=("Microsoft.Batch/*", "Microsoft.Authorization/*/read", GROUPS),
        data_actions=("Microsoft.Batch/*",),
    ),
    Role(  # Azure Batch Account Reader
        "11076f67-66f6-4be0-8f6b-f0609fd05cc9",
        actions=("Microsoft.Batch/*/read", GROUPS),
        data_actions=("Microsoft.Batch/*/read",),
    ),
    Role(  # Azure Batch Data Contributor
        "6aaa78f1-f7de-44ca-8722-c64a23943cae",
        actions=(
            "Microsoft.Batch/batchAccounts/read",
            "Microsoft.Batch/batchAccounts/applications/*",
            "Microsoft.Batch/batchAccounts/pools/*",
            "Microsoft.Batch/locations/*/read",
            "Microsoft.Authorization/*/read",
            GROUPS,
        ),
        data_actions=("Microsoft.Batch/batchAccounts/jobSchedules/*", "Microsoft.Batch/batchAccounts/jobs/*"),
    ),
)
