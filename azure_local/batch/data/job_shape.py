"""What jobs, tasks and job schedules are made of, in the data plane's spelling: members, types and limits."""

from __future__ import annotations

from azure_local.batch.shapes import Choice, Duration, Flag, Many, Number, Record, Shape, Span, Text
from azure_local.batch.task_shape import IDENTITY, RESOURCE_FILE

ID = Text(64, "[A-Za-z0-9_-]+")
SETTINGS = Many(Record("EnvironmentSetting", {"name": Text(), "value": Text()}, ("name",)))
METADATA = Many(Record("MetadataItem", {"name": Text(), "value": Text()}, ("name", "value")))
EXIT = Record(
    "ExitOptions",
    {
        "jobAction": Choice(("none", "disable", "terminate")),
        "dependencyAction": Choice(("satisfy", "block")),
    },
)
EXIT_CONDITIONS = Record(
    "ExitConditions",
    {
        "exitCodes": Many(Record("ExitCodeMapping", {"code": Number(), "exitOptions": EXIT}, ("code", "exitOptions"))),
        "exitCodeRanges": Many(
            Record(
                "ExitCodeRangeMapping",
                {"start": Number(), "end": Number(), "exitOptions": EXIT},
                ("start", "end", "exitOptions"),
            )
        ),
        "preProcessingError": EXIT,
        "fileUploadError": EXIT,
        "default": EXIT,
    },
)
OUTPUT_FILE = Record(
    "OutputFile",
    {
        "filePattern": Text(shortest=1),
        "destination": Record(
            "OutputFileDestination",
            {
                "container": Record(
                    "OutputFileBlobContainerDestination",
                    {
                        "path": Text(),
                        "containerUrl": Text(shortest=1),
                        "identityReference": IDENTITY,
                        "uploadHeaders": Many(
                            Record("HttpHeader", {"name": Text(), "value": Text()}, ("name",)),
                        ),
                    },
                    ("containerUrl",),
                )
            },
        ),
        "uploadOptions": Record(
            "OutputFileUploadOptions",
            {"uploadCondition": Choice(("tasksuccess", "taskfailure", "taskcompletion"))},
            ("uploadCondition",),
        ),
    },
    ("filePattern", "destination", "uploadOptions"),
)
TASK_LIMITS = Record(
    "TaskConstraints",
    {"maxWallClockTime": Span(), "retentionTime": Span(), "maxTaskRetryCount": Number(-1)},
)
USER = Record(
    "UserIdentity",
    {
        "username": Text(),
        "autoUser": Record(
            "AutoUserSpecification",
            {"scope": Choice(("task", "pool")), "elevationLevel": Choice(("nonadmin", "admin"))},
        ),
    },
)
RUN = {
    "commandLine": Text(),
    "resourceFiles": Many(RESOURCE_FILE),
    "environmentSettings": SETTINGS,
    "userIdentity": USER,
    "constraints": TASK_LIMITS,
    "containerSettings": Shape(),
}
PACKAGES = Many(
    Record("ApplicationPackageReference", {"applicationId": Text(), "version": Text()}, ("applicationId",)),
)
TASK = Record(
    "TaskAddParameter",
    {
        "id": ID,
        "displayName": Text(1024),
        **RUN,
        "exitConditions": EXIT_CONDITIONS,
        "outputFiles": Many(OUTPUT_FILE),
        "affinityInfo": Record("AffinityInformation", {"affinityId": Text()}, ("affinityId",)),
        "requiredSlots": Number(1, 256),
        "multiInstanceSettings": Shape(),
        "dependsOn": Record(
            "TaskDependencies",
            {
                "taskIds": Many(Text()),
                "taskIdRanges": Many(
                    Record("TaskIdRange", {"start": Number(0), "end": Number(0)}, ("start", "end")),
                ),
            },
        ),
        "applicationPackageReferences": PACKAGES,
    },
    ("id",),
)
PREPARATION = Record(
    "JobPreparationTask",
    {"id": ID, **RUN, "waitForSuccess": Flag(), "rerunOnNodeRebootAfterSuccess": Flag()},
    ("commandLine",),
)
RELEASE = Record(
    "JobReleaseTask",
    {
        "id": ID,
        **{name: shape for name, shape in RUN.items() if name != "constraints"},
        "maxWallClockTime": Span(),
        "retentionTime": Span(),
    },
    ("commandLine",),
)
POOL_INFO = Record("PoolInformation", {"poolId": Text(), "autoPoolSpecification": Shape()})
LIMITS = Record("JobConstraints", {"maxWallClockTime": Span(), "maxTaskRetryCount": Number(-1)})
SPECIFICATION = {
    "displayName": Text(1024),
    "usesTaskDependencies": Flag(),
    "priority": Number(-1000, 1000),
    "allowTaskPreemption": Flag(),
    "maxParallelTasks": Number(-1),
    "constraints": LIMITS,
    "jobManagerTask": Shape(),
    "jobPreparationTask": PREPARATION,
    "jobReleaseTask": RELEASE,
    "commonEnvironmentSettings": SETTINGS,
    "poolInfo": POOL_INFO,
    "onAllTasksComplete": Choice(("noaction", "terminatejob")),
    "onTaskFailure": Choice(("noaction", "performexitoptionsjobaction")),
    "networkConfiguration": Shape(),
    "metadata": METADATA,
}
JOB = Record("JobAddParameter", {"id": ID, **SPECIFICATION}, ("id", "poolInfo"))
CHANGES = (
    "priority", "allowTaskPreemption", "maxParallelTasks", "constraints", "poolInfo", "onAllTasksComplete", "metadata",
    "networkConfiguration",
)  # fmt: skip
JOB_CHANGE = Record("JobUpdateParameter", {name: SPECIFICATION[name] for name in CHANGES})
SCHEDULE = Record(
    "Schedule",
    {
        "doNotRunUntil": Text(),
        "doNotRunAfter": Text(),
        "startWindow": Duration(60),
        "recurrenceInterval": Duration(60),
    },
)
SCHEDULED = Record("JobSpecification", SPECIFICATION, ("poolInfo",))
JOB_SCHEDULE = Record(
    "JobScheduleAddParameter",
    {"id": ID, "displayName": Text(1024), "schedule": SCHEDULE, "jobSpecification": SCHEDULED, "metadata": METADATA},
    ("id", "schedule", "jobSpecification"),
)
SCHEDULE_CHANGE = Record(
    "JobScheduleUpdateParameter",
    {"schedule": SCHEDULE, "jobSpecification": SCHEDULED, "metadata": METADATA},
)
