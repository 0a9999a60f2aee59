MAIN=HEAD
<<policy>>
reconcile apply plan.json ${DIGEST:+--digest "$DIGEST"} --wait
