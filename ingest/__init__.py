"""What arrived, and from where: events, wire, site, bridge, log, formats. Imports none of the other floors."""
