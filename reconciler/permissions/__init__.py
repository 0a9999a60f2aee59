"""The least that whoever runs a spec must be allowed to do, as custom roles of Azure. Pure."""
