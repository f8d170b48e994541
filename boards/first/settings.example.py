# Copy this to settings.py beside it (git leaves that one alone), and fill in yours.
WIFI = "name of the network"
PASSWORD = "its password"
BROKER = "mqtt://192.168.1.10"  # the machine that runs `msgflo run`; with accounts: mqtt://user:password@…
ROLE = "board-1"  # the node's name in the graph
LED = "LED"  # Pico W; on most ESP32 boards: 2
