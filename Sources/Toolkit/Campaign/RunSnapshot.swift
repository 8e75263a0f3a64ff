/// What a run looks like at one moment: an immutable value for whoever shows progress.
public struct RunSnapshot: Sendable, Equatable {
    /// The steps of a run in their order; `Run.swift` reads the same way.
    public enum Phase: String, Sendable, CaseIterable {
        case preparing
        case verifying
        case working
        case healing
        case resolving
        case reading
        case checking
        case bundling
        case finished
    }

    public struct Replica: Sendable, Equatable {
        public var id: UInt64
        /// The role it reports, in the words of the control protocol, `down` when it does not
        /// answer, or `unknown` before it was first asked.
        public var role: String
        public var view: UInt64?
        public var commitLSN: UInt64?

        public init(id: UInt64, role: String, view: UInt64? = nil, commitLSN: UInt64? = nil) {
            self.id = id
            self.role = role
            self.view = view
            self.commitLSN = commitLSN
        }
    }

    public var runID: String
    public var phase: Phase
    /// Since the run was started.
    public var elapsed: Duration
    /// Since the clients began, and how long they shall work; zero outside the window.
    public var windowElapsed: Duration
    public var window: Duration
    /// Completed attempts, of all kinds.
    public var operations: UInt64
    /// Completed attempts per second over the last second or so.
    public var operationsPerSecond: Double
    /// Attempts whose effect nobody knew at the time.
    public var ambiguous: UInt64
    /// Commands that are still unresolved now.
    public var unresolved: UInt64
    /// The fault that is active now, for example `crash replica 1 (primary)`.
    public var currentFault: String?
    public var faultsInjected: UInt64
    public var replicas: [Replica]
    /// Findings so far. Most appear only after checking.
    public var findings: UInt64

    public init(runID: String) {
        self.runID = runID
        phase = .preparing
        elapsed = .zero
        windowElapsed = .zero
        window = .zero
        operations = 0
        operationsPerSecond = 0
        ambiguous = 0
        unresolved = 0
        currentFault = nil
        faultsInjected = 0
        replicas = []
        findings = 0
    }
}
