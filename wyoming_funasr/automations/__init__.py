"""What is known of each transcript, told to automations over MQTT (docs/automations.md)."""
