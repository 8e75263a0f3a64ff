/// The two files of one node, as the engine uses them (durability.md 1). Handed in, so that the
/// same engine runs on a disk, in memory and under injected faults.
///
/// One owner at a time; nothing here is safe to call from two threads.
public protocol EngineStorage: AnyObject {
    /// Opens the log for appending, creating an empty one if there is none.
    func openWAL() throws(InputOutputFailure)
    /// The whole log.
    func readWAL() throws(InputOutputFailure) -> [UInt8]
    /// Appends without sync. After a failure a part of the bytes may be in the file.
    func appendToWAL(_ bytes: [UInt8]) throws(InputOutputFailure)
    /// What was appended survives a power cut once this has returned.
    func syncWAL() throws(InputOutputFailure)
    /// Cuts the log to `length` bytes, durably.
    func truncateWAL(to length: Int) throws(InputOutputFailure)
    /// Replaces the log as a whole, durably: a crash leaves the old or the new content.
    func replaceWAL(with bytes: [UInt8]) throws(InputOutputFailure)

    /// The snapshot file; nil when there is none.
    func readSnapshot() throws(InputOutputFailure) -> [UInt8]?
    /// Replaces the snapshot as a whole, durably.
    func replaceSnapshot(with bytes: [UInt8]) throws(InputOutputFailure)
}
