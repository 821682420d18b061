"""The words of the sample Nexus (*.toml), and how each source lays them out as rows with their truth."""
