public import Testbed

/// All kinds of faults, by name. A new kind is a file in `Faults/` and a line here.
public enum FaultVocabulary {
    public static let all: [FaultDescription] =
        [
            .crash, .terminate, .pause, .restartStorm, .crashDuringStart, .crashDuringCheckpoint,
            .isolate, .stalePrimary, .frozenPrimary,
            .takeOver, .takeOverInterrupted, .rejoin, .rejoinInterrupted, .rebuild,
        ] + FaultDescription.partitions + FaultDescription.disturbances + diskFaults
        + clockFaults

    private static let diskFaults: [FaultDescription] = [
        .diskFull, .diskWriteError, .diskSyncError, .diskReadError, .diskStallWrite,
        .diskStallSync, .powerCut, .tornWrite,
        .bitFlipWAL, .bitFlipSnapshot, .bitFlipMetadata, .bitFlipJournal,
    ]

    private static let clockFaults: [FaultDescription] = [
        .clockShift, .clockStep, .clockFast, .clockDrift,
    ]

    private static let byKind: [FaultKind: FaultDescription] = Dictionary(
        all.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })

    public static func description(of kind: FaultKind) -> FaultDescription? { byKind[kind] }

    /// The names for `--faults`, in the order of the reference.
    public static var names: [String] { all.map(\.kind.name) }
}

extension NemesisSchedule {
    /// The kinds that appear, once each.
    public var kinds: Set<FaultKind> { Set(rounds.flatMap { $0.steps.map(\.kind) }) }

    /// Everything the testbed must be able to do.
    public var needs: Set<TestbedCapability> {
        kinds.reduce(into: []) { needs, kind in
            needs.formUnion(FaultVocabulary.description(of: kind)?.needs ?? [])
        }
    }

    /// Why the schedule cannot be carried out on a testbed, one line for each kind of fault; none
    /// when it can.
    public func refusals(
        on testbed: String, with capabilities: Set<TestbedCapability>
    ) -> [String] {
        kinds.sorted().compactMap { kind in
            guard let description = FaultVocabulary.description(of: kind) else {
                return "there is no fault `\(kind)`"
            }
            let missing = description.needs.subtracting(capabilities).map(\.rawValue).sorted()
            guard !missing.isEmpty else { return nil }
            let able = TestbedKind.able(to: description.needs).map(\.rawValue)
            return "fault `\(kind)` needs \(missing.joined(separator: " and ")), which testbed "
                + "\(testbed) does not offer; "
                + (able.isEmpty
                    ? "no testbed of this version does"
                    : "it can be injected on \(able.joined(separator: ", "))")
        }
    }
}
