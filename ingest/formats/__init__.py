"""Other people's formats at the door: AIVDM, MarineCadastre."""
