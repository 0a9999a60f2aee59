"""What speaks against a plan before anything is spent: quotas, sizes, images and names. Only `reading` asks Azure."""
