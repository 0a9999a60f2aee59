RECONCILE_LABELS=$(reconcile ci labels ${SHA:+--commit "$SHA"} --format json)
export RECONCILE_LABELS
