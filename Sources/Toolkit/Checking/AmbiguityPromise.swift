import History

/// Promises 19 and 28: a healed cluster tells what became of every command, and an answer that
/// proves nothing is not taken for an end of the matter. A record that ends in the middle (the
/// tool was stopped) cannot break them.
enum AmbiguityPromise {
    static func check(_ log: WitnessLog, isComplete: Bool) -> [Finding] {
        log.untold.map { command in
            Finding(
                command.unproven == nil ? .unresolvedAmbiguity : .unprovenResolution,
                severity: isComplete ? .blocks : .note, stage: .scan,
                events: command.events,
                explanation: "Operation \(command.operationID) (\(Words.of(command.operation))) "
                    + "was tried \(command.attempts) time\(command.attempts == 1 ? "" : "s") from "
                    + "\(Words.time(command.invokedAt)) on, and no answer says whether it was "
                    + "executed." + why(command))
        }
    }
    private static func why(_ command: WitnessLog.Untold) -> String {
        switch command.unproven {
        case nil: ""
        case .definiteFailure:
            " A further attempt was answered as certainly not executed; that is true of that "
                + "attempt alone."
        case .afterWindow:
            " It was answered later, but to an attempt of a slot at which nobody remembered the "
                + "first one any more: that answer says nothing about it."
        }
    }
}
