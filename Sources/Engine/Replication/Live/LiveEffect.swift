public import ClusterProtocol
public import LeaseKernel

/// What a live replica wants done. Effects are carried out in order; none of them blocks the
/// replica, and those that fail come back as inputs.
public enum LiveEffect: Sendable {
    /// Write these bytes to the waiting connection, then close it. Sent once per token.
    case reply(RequestToken, [UInt8])
    /// Send on the own outgoing stream; dropped when there is none.
    case send(ReplicaID, PeerMessage)
    /// Send back on an incoming stream; dropped when it is gone.
    case answer(StreamToken, PeerMessage)
    /// The peer does not answer: close the outgoing stream and connect again.
    case reconnect(ReplicaID)
    /// Run on the disk, after every job handed over earlier; then report
    /// `storageFinished`.
    case store(StorageJob)
    /// One plain line for the log, without line feed (cluster-runner.md 15).
    case log(String)
    /// The answer to `stop`: everything is on disk and answered.
    case stopped
}
