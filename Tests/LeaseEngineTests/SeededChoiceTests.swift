import EngineVectors
import LeaseEngine
import TestSupport
import Testing

@Suite("A seed chooses the same on every machine")
struct SeededChoiceTests {
    private static let scenarios = Result { try Vectors.json("replicated-scenarios.json") }

    @Test("recorded seeds make the recorded choices")
    func choices() throws {
        let seeds = try Self.scenarios.get()["seeded_choices"].array
        for vector in seeds {
            for sequence in vector["sequences"].array {
                var choice = SeededChoice(seed: try vector["seed"].required())
                let candidates: Int = try sequence["candidates"].required()
                let expected = sequence["choices"].array
                let found = expected.map { _ in JSONValue.count(choice.choose(candidates)) }
                #expect(found == expected, "\(vector["seed"]) of \(candidates)")
            }
        }
        print("replicated-scenarios.json seeded_choices: \(seeds.count) cases")
        #expect(seeds.count == 5)
    }

    @Test("recorded seeds pick the recorded crash points")
    func crashPoints() throws {
        let selections = try Self.scenarios.get()["crash_point_selection"].array
        for vector in selections {
            let enabled: [CrashPoint] =
                switch vector["set"].string {
                case "all_eleven": CrashPoint.allCases
                case "client_three":
                    [.clientAfterApply, .clientBeforeWALAppend, .clientAfterWALSync]
                case "recovery_three":
                    [
                        .recoveryAfterReplayFrame, .recoveryAfterSnapshotLoad,
                        .recoveryAfterWALTruncate, .recoveryAfterSnapshotLoad,
                    ]
                default: []
                }
            let found = (0..<16).map { seed in
                CrashPlan(seed: seed, enabled: enabled, replayableFrames: 0)?.point.name
            }
            #expect(found == vector["points_for_seed_0_to_15"].array.map(\.string))
        }
        print("replicated-scenarios.json crash_point_selection: \(selections.count) cases")
        #expect(selections.count == 3)
        #expect(CrashPlan(seed: 1, enabled: [], replayableFrames: 0) == nil)
    }

    @Test("recorded seeds pick the recorded frame to crash after")
    func replayOrdinals() throws {
        let selections = try Self.scenarios.get()["replay_ordinal_selection"].array
        for vector in selections {
            let frames: Int = try vector["replayable_frames"].required()
            let found = (0..<16).map { seed in
                JSONValue.count(CrashPlan.replayOrdinal(seed: seed, replayableFrames: frames))
            }
            #expect(found == vector["ordinal_for_seed_0_to_15"].array)
        }
        print("replicated-scenarios.json replay_ordinal_selection: \(selections.count) cases")
        #expect(selections.count == 4)
    }
}
