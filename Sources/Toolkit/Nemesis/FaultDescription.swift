public import Testbed

/// A kind of fault: what a schedule, a document and the nemesis must know about it.
public struct FaultDescription: Sendable {
    public let kind: FaultKind
    /// One sentence for people.
    public let summary: String
    /// What the testbed must be able to do.
    public let needs: Set<TestbedCapability>
    /// Whom it may hit; a generated schedule chooses among them.
    public let targets: [FaultTarget]
    public let parameters: [FaultParameter]
    /// How long it lasts in generated schedules, in milliseconds.
    public let usualHold: ClosedRange<UInt64>
    public let proof: Proof
    public let make: @Sendable (FaultScene) -> any Fault

    /// How it is known that the fault came and went, in words for the reference.
    public struct Proof: Sendable {
        public let active: String
        public let gone: String
        public let undo: String
        /// What ends it when the tool is dead.
        public let expiry: String

        public init(active: String, gone: String, undo: String, expiry: String) {
            self.active = active
            self.gone = gone
            self.undo = undo
            self.expiry = expiry
        }
    }

    public init(
        _ name: String, _ summary: String, needs: Set<TestbedCapability>, targets: [FaultTarget],
        parameters: [FaultParameter] = [], usualHold: ClosedRange<UInt64> = 100...2000,
        proof: Proof, make: @escaping @Sendable (FaultScene) -> any Fault
    ) {
        kind = FaultKind(name)
        self.summary = summary
        self.needs = needs
        self.targets = targets
        self.parameters = parameters
        self.usualHold = usualHold
        self.proof = proof
        self.make = make
    }
}

/// A number that shapes a fault, for example a delay. Its unit is part of its name
/// (`delay_millis`, `loss_percent`).
public struct FaultParameter: Hashable, Sendable {
    public let name: String
    public let summary: String
    /// What a schedule may say.
    public let allowed: ClosedRange<UInt64>
    /// What generated schedules draw from; within `allowed`.
    public let usual: ClosedRange<UInt64>

    public init(
        _ name: String, _ summary: String, allowed: ClosedRange<UInt64>,
        usual: ClosedRange<UInt64>
    ) {
        self.name = name
        self.summary = summary
        self.allowed = allowed
        self.usual = usual
    }
}
