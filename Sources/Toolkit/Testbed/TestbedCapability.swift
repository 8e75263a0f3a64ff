/// What a testbed can do to its cluster. A fault names what it needs; a schedule that needs more
/// than its testbed has is refused before anything starts.
public enum TestbedCapability: String, Sendable, CaseIterable {
    /// Daemons can be killed and started again.
    case crash
    /// Daemons can be ended politely, paused, and let go on.
    case signals
    /// A replica can be cut off through the daemon's own fault file.
    case isolate
    /// The replicas' folders can be rewritten while their daemons are down.
    case offlineSurgery = "offline-surgery"
    /// A daemon can be told to write a snapshot.
    case checkpoint
    /// Single packets between the machines of the cluster can be lost, delayed or changed.
    case packets
    /// The replicas' folders lie on disks that can fail.
    case disk
    /// The daemons' clocks can be set wrong.
    case clock
}

/// The testbeds of this version, by the names that `--testbed` takes.
public enum TestbedKind: String, Sendable, CaseIterable {
    /// Processes of this machine, on loopback.
    case local
    /// Processes of this machine, each in a network namespace of its own.
    case namespaces
    /// Processes of machines that exist already, reached by SSH.
    case ssh

    /// What a testbed of this kind can do.
    public var capabilities: Set<TestbedCapability> {
        switch self {
        case .local: [.crash, .signals, .isolate, .offlineSurgery, .checkpoint]
        case .namespaces: TestbedKind.local.capabilities.union([.packets])
        case .ssh: TestbedKind.local.capabilities
        }
    }

    /// What it can do besides when a run asks for it: the daemons then stand on disks of ours, or
    /// get their time from us.
    public var onRequest: Set<TestbedCapability> {
        switch self {
        case .local, .namespaces: [.disk, .clock]
        case .ssh: []
        }
    }

    /// Everything that a run may ask of it.
    public var offered: Set<TestbedCapability> { capabilities.union(onRequest) }

    /// The kinds that can do all of `needs`.
    public static func able(to needs: Set<TestbedCapability>) -> [TestbedKind] {
        allCases.filter { $0.offered.isSuperset(of: needs) }
    }
}
