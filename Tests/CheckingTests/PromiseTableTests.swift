import Checking
import Foundation
import Testing

@Suite("The promises are written down once")
struct PromiseTableTests {
    @Test("every code has one promise, and the numbers run from 1")
    func tableIsWhole() {
        #expect(Promise.all.map(\.number) == Array(1...Promise.all.count))
        #expect(Promise.all.map(\.code) == FindingCode.allCases)
        for code in FindingCode.allCases { #expect(code.promise.code == code) }
    }

    /// `UPDATE_DOCUMENTS=1 swift test --filter PromiseTable` writes the file anew.
    @Test("docs/reference/promises.md is what the table says")
    func documentIsCurrent() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/reference/promises.md")
        if ProcessInfo.processInfo.environment["UPDATE_DOCUMENTS"] != nil {
            try Promise.document.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == Promise.document)
    }
}
