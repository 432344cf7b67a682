"""How a client of ours shows the broker who it is: by certificate, or by name and password."""

from paho.mqtt.client import Client

from ingest.settings import Settings


def show(client: Client, settings: Settings) -> None:
    """To be called before it connects. Raises OSError or ssl.SSLError where a file of a certificate cannot be used."""
    if settings.mqtt_user:
        client.username_pw_set(settings.mqtt_user, settings.mqtt_password)
    if settings.mqtt_tls:
        client.tls_set(settings.mqtt_ca or None, settings.mqtt_cert or None, settings.mqtt_key or None)
