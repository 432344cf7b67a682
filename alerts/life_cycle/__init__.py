"""The life of alerts. Read in this order, each module importing only those before it: `case`, `suppression`, `escalation`, `roster`, `responses`, `programmes` (values
and questions); `board` (the memory, and the one way to change an alert); `quieting`, `closing`, `offers`, `findings`, `actions`, `entries`, `timers`
(what models, people and time do to the board); `life` (the whole)."""
