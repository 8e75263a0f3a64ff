import Terminal
import Testing

@Suite("terminals")
struct TerminalTests {
    struct Facts: Sendable {
        var isTerminal = true
        var columns: Int? = 120
        var environment: [String: String] = [:]
        var expected: Terminal
    }

    static let facts: [Facts] = [
        Facts(expected: Terminal(isInteractive: true, hasColour: true, width: 120)),
        Facts(
            environment: ["NO_COLOR": ""],
            expected: Terminal(isInteractive: true, hasColour: false, width: 120)),
        Facts(
            environment: ["TERM": "dumb"],
            expected: Terminal(isInteractive: false, hasColour: false, width: 120)),
        Facts(
            isTerminal: false, columns: nil,
            expected: Terminal(isInteractive: false, hasColour: false, width: 80)),
        Facts(
            isTerminal: false, columns: nil, environment: ["COLUMNS": "60"],
            expected: Terminal(isInteractive: false, hasColour: false, width: 60)),
        Facts(
            columns: 0, environment: ["COLUMNS": "wide"],
            expected: Terminal(isInteractive: true, hasColour: true, width: 80)),
        Facts(columns: 7, expected: Terminal(isInteractive: true, hasColour: true, width: 40)),
    ]

    @Test("colour only on terminals, never with NO_COLOR; width has a floor", arguments: facts)
    func capabilities(_ facts: Facts) {
        let terminal = Terminal(
            isTerminal: facts.isTerminal, columns: facts.columns,
            environment: { facts.environment[$0] })
        #expect(terminal == facts.expected)
        let styled = terminal.styled("x", .red)
        #expect(styled == (facts.expected.hasColour ? "\u{1B}[31mx\u{1B}[0m" : "x"))
    }

    @Test("a block is drawn over the one before, also when it shrinks")
    func redraw() {
        var block = UpdatingBlock()
        #expect(block.draw(["one", "two"], width: 10) == "one\u{1B}[K\ntwo\u{1B}[K\n")
        #expect(block.draw(["three"], width: 10) == "\u{1B}[2A\rthree\u{1B}[K\n\u{1B}[J")
        #expect(block.clear() == "\u{1B}[1A\r\u{1B}[J")
        #expect(block.clear() == "")
    }

    @Test("a line is cut at the width; colour counts as nothing and is closed")
    func cutting() {
        var block = UpdatingBlock()
        let line = "\u{1B}[31mabcdef\u{1B}[0m"
        #expect(block.draw([line], width: 3) == "\u{1B}[31mabc\u{1B}[0m\u{1B}[K\n")
    }
}
