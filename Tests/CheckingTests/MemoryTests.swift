import Checking
import History
import Testing

/// What a cluster remembers of a command shows in how it answers the repetition.
@Suite struct MemoryTests {
    typealias Script = CoverageTests.Script

    static let command = Operation.createResource(ResourceID(1))

    static func codes(_ script: Script) -> [String] {
        script.judged(as: "w").findings.filter { $0.severity == .blocks }.map(\.code.rawValue)
    }

    static func remembered(_ script: inout Script, slot: UInt64 = 1) {
        script.attempt(
            command, id: 1, slot: slot, .committed(LSN(1), .empty, fromRetryCache: true))
    }

    @Test("an answer from memory to a command that nobody executed blames the earlier answer")
    func denied() {
        var script = Script()
        script.attempt(Self.command, id: 1, .failed(.overloaded))
        Self.remembered(&script)
        #expect(Self.codes(script) == ["failure-applied"])
    }

    @Test("an answer from memory after an attempt of unknown outcome blames nobody")
    func unknown() {
        var script = Script()
        script.attempt(Self.command, id: 1, .failed(.overloaded))
        script.attempt(Self.command, id: 1, .ambiguous(.timeout))
        Self.remembered(&script)
        #expect(Self.codes(script) == [])
    }

    @Test("a first answer that is no memory blames nobody, whatever failed before")
    func executedLater() {
        var script = Script()
        script.attempt(Self.command, id: 1, .failed(.notPrimary(role: nil)))
        script.command(Self.command, id: 1)
        Self.remembered(&script)
        #expect(Self.codes(script) == [])
    }

    /// The window of the script's limits is 256 + 128 slots.
    @Test(
        "a remembered command is not refused for its slot, one that may be forgotten is",
        arguments: [385, 386] as [UInt64])
    func forgotten(slot: UInt64) {
        var script = Script()
        script.command(Self.command, id: 1, slot: 1)
        script.command(.createResource(ResourceID(2)), id: 2, slot: slot)
        script.attempt(Self.command, id: 1, slot: 1, .failed(.slotOverflow))
        #expect(Self.codes(script) == (slot == 385 ? ["changed-answer"] : []))
    }

    @Test("a command is remembered from the slot of the attempt that was executed")
    func executedEarlier() {
        var script = Script()
        script.attempt(Self.command, id: 1, slot: 1, .ambiguous(.timeout))
        script.attempt(
            Self.command, id: 1, slot: 300, .committed(LSN(1), .empty, fromRetryCache: true))
        script.attempt(.createResource(ResourceID(2)), id: 2, slot: 386, .ambiguous(.timeout))
        script.attempt(Self.command, id: 1, slot: 300, .failed(.slotOverflow))
        #expect(!Self.codes(script).contains("changed-answer"))
    }

    @Test("a repetition that the role or the load turns away blames nobody")
    func turnedAway() {
        var script = Script()
        script.command(Self.command, id: 1)
        script.attempt(Self.command, id: 1, .failed(.overloaded))
        script.attempt(Self.command, id: 1, .failed(.notPrimary(role: nil)))
        #expect(Self.codes(script) == [])
    }
}
