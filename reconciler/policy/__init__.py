"""Policy: what plans must keep to, whatever their specs say. Pure, but for files and the process of `running`."""
