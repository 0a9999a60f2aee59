"""The script of a task that is for several items: it runs a script once for each, and tells how each ended. Pure.

A POSIX shell runs it, as no node is without one. Its manifest calls `run` for each item, which costs a fork and no
more. Outcomes are JSON lines in `OUTCOMES`, one for each item; when the task runs again on its node, items that have
succeeded are passed over. Seconds are those of the kernel's clock, to a hundredth.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.kinds.tasks.manifest import PACK
from reconciler.marks import OUTCOMES

_RUNNER = """\
r_item() {{
{script}
}}
run() {{
r_number=$((r_number+1))
case $r_done in *" $r_number "*) return;; esac
read -r r_from r_rest </proc/uptime
({export} exec 3>&-; set --; r_item)
r_end=$?
read -r r_to r_rest </proc/uptime
r_took=$((${{r_to%.*}}${{r_to#*.}}-${{r_from%.*}}${{r_from#*.}}))
printf '{{"number":%d,"exitCode":%d,"seconds":%d.%02d,"values":%s}}\\n' \
$r_number $r_end $((r_took/100)) $((r_took%100)) "$1" >&3
[ $r_end = 0 ] && return
r_failed=$((r_failed+1))
[ $r_code != 0 ] || r_code=$r_end
}}
r_number=0 r_failed=0 r_code=0 r_done=' '
r_told=$AZ_BATCH_TASK_WORKING_DIR/{outcomes}
[ ! -f "$r_told" ] || mv "$r_told" "$r_told.before"
exec 3>"$r_told"
[ ! -f "$r_told.before" ] || while read -r r_line; do
case $r_line in *',"exitCode":0,"seconds":'*)
r_rest=${{r_line#*:}} r_done="$r_done${{r_rest%%,*}} "
printf '%s\\n' "$r_line" >&3;; esac
done <"$r_told.before"
. "$AZ_BATCH_TASK_WORKING_DIR/{manifest}"
[ $r_failed = 0 ] || echo "$r_failed of $r_number items failed" >&2
exit $r_code"""


def runner(script: str, variables: Sequence[str]) -> str:
    """A script that runs another one for each item, with these variables in the order of the manifest's values.

    It exits with the code of the first item that fails; that does not stop the others.
    """
    given = "".join(f' {name}="${{{number}}}"' for number, name in enumerate(variables, 2))
    export = f"export{given};" if given else ""
    return _RUNNER.format(script=script, export=export, outcomes=OUTCOMES, manifest=PACK)
