"""What breaks around a service: its process, its disk, its clock, its port."""
