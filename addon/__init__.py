"""The Home Assistant add-ons, one folder each, and the programs that write parts of them."""
