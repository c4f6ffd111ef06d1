package gateway

// statusSwitchingProtocols is the status of a response that begins a tunnel.
const statusSwitchingProtocols = 101
