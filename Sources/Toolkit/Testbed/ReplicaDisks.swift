public import FaultyDisk
public import LeaseKernel

/// Disks of a testbed that has the capability `disk`: each replica's folder lies on one of its own.
public protocol ReplicaDisks: Sendable {
    /// Switches a fault on. It ends by itself after `lease`, also when this tool is dead. `room` is
    /// by how many bytes files may still grow on a full disk.
    func switchOn(
        _ fault: DiskFault, of replica: ReplicaID, lease: Duration, room: UInt64
    ) throws(TestbedError)
    func switchOff(_ fault: DiskFault, of replica: ReplicaID) throws(TestbedError)
    /// Ends all faults of the disk and loses what was not synced. The daemon must be down.
    func cutPower(
        of replica: ReplicaID, keeping retention: Retention, seed: UInt64
    ) throws(TestbedError) -> PowerCutReport
    func diskState(of replica: ReplicaID) throws(TestbedError) -> DiskState
}

/// Clocks of a testbed that has the capability `clock`.
public protocol ReplicaClocks: Sendable {
    /// Sets the wall clock that the daemon sees: so far ahead of the true one now (behind it when
    /// negative), and running at this multiple of its pace. Ends by itself after `lease`, also
    /// when this tool is dead.
    func setWallClock(
        of replica: ReplicaID, ahead: Duration, rate: Double, lease: Duration
    ) throws(TestbedError)
    /// The wall clock shows the true time again.
    func correctWallClock(of replica: ReplicaID) throws(TestbedError)
    /// From the next start of the daemon on, all its clocks run at this multiple of their pace,
    /// the monotonic one as well; nil for true clocks. A running daemon is not affected.
    func setClocksAtStart(of replica: ReplicaID, rate: Double?) throws(TestbedError)
    /// What the daemon's clocks show. An error when the running daemon does not use the clocks it
    /// was given.
    func readClocks(of replica: ReplicaID) throws(TestbedError) -> ClockReading
}

/// What the clocks of a daemon show, compared with those of the machine.
public struct ClockReading: Hashable, Sendable {
    /// How far the wall clock is ahead of the true one.
    public let ahead: Duration
    /// How fast the wall clock runs, 1 for the true pace.
    public let wallRate: Double
    public let monotonicRate: Double

    public init(ahead: Duration, wallRate: Double, monotonicRate: Double) {
        self.ahead = ahead
        self.wallRate = wallRate
        self.monotonicRate = monotonicRate
    }
}
