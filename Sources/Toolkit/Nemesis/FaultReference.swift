import Testbed

/// The reference of all faults (docs/reference/faults.md), written from the same descriptions that
/// schedules are checked against.
public enum FaultReference {
    public static var markdown: String {
        ([introduction, testbeds] + FaultVocabulary.all.map(section)).joined(separator: "\n")
    }

    private static let introduction = """
        # Faults

        Written from the descriptions that schedules are checked against; a test keeps it current.

        A run's faults follow from its id (`crash-restart`, `partition-heal`, `mixed-failover`) and
        its seed, or are chosen by name with `--faults crash,pause`, or stand in a file that is
        given with `--schedule`. Every fault is recorded in the history when it begins and when it
        is seen to be gone, with the replicas that it hit. A fault that is injected but not seen to
        be active, or undone but not seen to be gone, ends the run without a verdict: what was not
        tested must not count.

        ## Schedules

        ```
        version=2 seed=9 rounds=1
        round=1 pause_millis=400 pick=3 faults=2
        fault=isolate target=backups at_millis=0 hold_millis=1500
        fault=take-over target=backup at_millis=1600 hold_millis=300
        ```

        Before a round the cluster is whole. After `pause_millis` of undisturbed work the round looks
        at who is who; `pick` decides which backup is meant where one is, and all choices inside
        faults. Each fault is injected `at_millis` after the begin of the round and undone
        `hold_millis` later; several may overlap. The round's clock stands still while something is
        injected or undone, so what happens in a round always happens in the planned order. When all
        faults are gone the round ends, and the cluster must become whole within 30 seconds.
        Parameters of a fault follow as `name=number`. Lines that begin with `#` are skipped.

        A bundle's `schedule.txt` has this format and can be given to `--schedule`.

        | target | whom it means |
        |---|---|
        | `primary` | the primary when the round begins, also if it is deposed meanwhile |
        | `backup` | one backup |
        | `other-backup` | the backup that `backup` is not |
        | `backups` | both: the primary keeps no majority |
        | `minority` | any one replica |
        | `majority` | the primary and `backup` |
        | `all` | every replica |

        """

    private static var testbeds: String {
        var lines = [
            "## Testbeds", "",
            "A schedule that needs more than its testbed offers is refused before anything starts.",
            "[Disks that fail](../explanation/faulty-disk.md) and clocks that can be wrong are made",
            "only for runs whose schedule needs them.",
            "", "| testbed | offers |", "|---|---|",
        ]
        for kind in TestbedKind.allCases {
            lines.append("| `\(kind.rawValue)` | \(words(kind.offered)) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func section(_ fault: FaultDescription) -> String {
        let able = TestbedKind.able(to: fault.needs).map { "`\($0.rawValue)`" }
        var rows: [(String, String)] = [
            ("needs", words(fault.needs)),
            ("testbeds", able.isEmpty ? "none of this version" : able.joined(separator: ", ")),
            ("targets", fault.targets.map { "`\($0.rawValue)`" }.joined(separator: ", ")),
            ("active when", fault.proof.active), ("undone by", fault.proof.undo),
            ("gone when", fault.proof.gone), ("ends by itself", fault.proof.expiry),
        ]
        for parameter in fault.parameters {
            let (allowed, usual) = (parameter.allowed, parameter.usual)
            rows.append(
                (
                    "`\(parameter.name)`",
                    "\(parameter.summary): \(allowed.lowerBound) to \(allowed.upperBound), "
                        + "usually \(usual.lowerBound) to \(usual.upperBound)"
                ))
        }
        let usual = fault.usualHold
        rows.append(("usually lasts", "\(usual.lowerBound) to \(usual.upperBound) ms"))
        let lines =
            ["## \(fault.kind)", "", fault.summary, "", "| | |", "|---|---|"]
            + rows.map { "| \($0.0) | \($0.1) |" }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func words(_ capabilities: Set<TestbedCapability>) -> String {
        capabilities.map { "`\($0.rawValue)`" }.sorted().joined(separator: ", ")
    }
}
