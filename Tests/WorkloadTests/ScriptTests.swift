import Matrix
import Testing

@testable import Workload

@Suite struct ScriptTests {
    @Test("every run of the matrix has a script, and no other pair has one")
    func pairs() {
        for workload in WorkloadFamily.allCases {
            for nemesis in NemesisFamily.allCases {
                let isInMatrix = RunMatrix.all.contains {
                    $0.workload == workload && $0.nemesis == nemesis
                }
                #expect((Script.of(workload, nemesis) != nil) == isInMatrix)
            }
        }
    }

    static let scripts = RunMatrix.all.compactMap { Script.of($0.workload, $0.nemesis) }

    @Test("an operation id of a script stands for one command, and slots never run backwards")
    func numbers() {
        for script in Self.scripts {
            var commands: [UInt64: ScriptCommand] = [:]
            var last: UInt64 = 0
            for step in script.steps {
                switch step {
                case .submit(let command, _):
                    #expect(
                        commands.updateValue(command, forKey: command.operation) ?? command
                            == command)
                    #expect(command.slot >= last)
                    last = command.slot
                case .tick(let slot, _), .drain(_, let slot):
                    #expect(slot >= last)
                    last = slot
                case .create, .readLease, .crash, .isolate, .heal, .failOver, .rejoin: break
                }
            }
            // The next iteration begins 128 slots later.
            #expect(last + UInt64(16) < 128)
        }
    }

    @Test("a script leaves nothing behind: what is cut off is healed, and everybody comes back")
    func undone() {
        for script in Self.scripts {
            var down: Set<ScriptReplica> = []
            var isolated: Set<ScriptReplica> = []
            for step in script.steps {
                switch step {
                case .crash(let replica): down.insert(replica)
                case .isolate(let replica): isolated.insert(replica)
                case .heal(let replica): #expect(isolated.remove(replica) != nil)
                // Takes all down, and brings the backups back.
                case .failOver:
                    #expect(isolated.isEmpty)
                    down = [.primary]
                case .rejoin: #expect(down.remove(.primary) != nil)
                case .create, .submit, .tick, .drain, .readLease: break
                }
            }
            #expect(down.isEmpty)
            #expect(isolated.isEmpty)
        }
    }
}
