import FuzzTargets
import SystemCalls
import TestSupport
import Testing

/// Every input that a fuzzer found worth keeping, through the functions that it calls.
@Suite("inputs of the fuzzers")
struct CorpusTests {
    static let corpora = Path.join(
        Path.parent(of: Path.parent(of: "\(#filePath)") ?? "") ?? "", "Fuzzing/Corpora")

    @Test("no input ever found breaks a promise again", arguments: FuzzTarget.all.map(\.name))
    func replay(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let folder = Path.join(Self.corpora, name)
        let files = try FileSystem.list(folder).sorted()
        for file in files {
            let bytes = try FileSystem.read(Path.join(folder, file), limit: 1 << 20)
            if let problem = target.problem(with: bytes) {
                Issue.record("\(name)/\(file): \(problem)")
            }
        }
        print("fuzz corpus of \(name): \(files.count) inputs")
        #expect(!files.isEmpty)
    }

    @Test("every corpus has its target")
    func corpora() throws {
        #expect(try FileSystem.list(Self.corpora).sorted() == FuzzTarget.all.map(\.name))
    }

    @Test("a promise that does not hold is told")
    func tellsProblems() {
        struct Broken: Error {}
        let target = FuzzTarget("at most one byte") { bytes in
            if bytes.count > 1 { throw Broken() }
        }
        #expect(target.problem(with: [1, 2]) == "Broken()")
        #expect(target.problem(with: [1]) == nil)
    }
}
