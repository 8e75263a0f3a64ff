import History

/// Promise 19: a healed cluster tells what became of every command. A record that ends in the
/// middle (the tool was stopped) cannot break it.
enum AmbiguityPromise {
    static func check(_ log: WitnessLog, isComplete: Bool) -> [Finding] {
        log.untold.map { command in
            Finding(
                .unresolvedAmbiguity, severity: isComplete ? .blocks : .note, stage: .scan,
                events: command.events,
                explanation: "Operation \(command.operationID) (\(Words.of(command.operation))) "
                    + "was tried \(command.attempts) time\(command.attempts == 1 ? "" : "s") from "
                    + "\(Words.time(command.invokedAt)) on, and no answer says whether it was "
                    + "executed.")
        }
    }
}
