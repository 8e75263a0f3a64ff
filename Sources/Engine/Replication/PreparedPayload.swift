public import LeaseEngine
public import LeaseKernel

/// The checks of an entry's payload, made before it is durable anywhere (replica.md 7.7 step 6).
public struct PreparedPayload: Sendable {
    public var kernel: KernelConfiguration
    public var engine: EngineConfiguration

    public init(kernel: KernelConfiguration, engine: EngineConfiguration) {
        self.kernel = kernel
        self.engine = engine
    }

    /// Size, form, slot arithmetic, in this order. The kind of command is free: a client entry
    /// may carry expire, an internal one any command. Neither is the slot compared with the
    /// last applied one (weakness R1); `slotRegression` does that for callers that want it.
    public func check(_ entry: PreparedEntry) throws(SubmissionError) {
        let overflow: SlotOverflow?
        switch entry.kind {
        case .client:
            let request = try engine.decodeClient(entry.payload)
            overflow = kernel.slotOverflow(ofClient: request.command, at: entry.requestSlot)
        case .internal:
            let command = try engine.decodeInternal(entry.payload)
            overflow = kernel.slotOverflow(ofInternal: command, at: entry.requestSlot)
        }
        if let overflow { throw .slotOverflow(overflow) }
    }

    /// The refusal of a slot that lies below one already taken: it could never be applied, and
    /// an entry that carries it would stop every replica (weakness R1).
    public static func slotRegression(
        of requestSlot: Slot, lastApplied: Slot?, prepared: PreparedEntries
    ) -> SubmissionError? {
        let floor = max(lastApplied ?? Slot(0), prepared.highest?.requestSlot ?? Slot(0))
        return requestSlot < floor ? .slotOverflow(.rewound(requestSlot)) : nil
    }
}
