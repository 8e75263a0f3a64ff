import DurableFiles
import Foundation
import History
import TestSupport
import Testing

@Suite("Histories on disk")
struct HistoryFileTests {
    @Test("every golden history reads from its file as from memory")
    func golden() throws {
        let names = try Vectors.json("histories/index.json")["histories"].array
        for entry in names {
            let name = try #require(entry["file"].string)
            let path = Vectors.folder.path + "/histories/" + name
            #expect(try HistoryFile.format(of: path) == .text)
            let memory = Result {
                try TextHistoryReader.events(of: Vectors.bytes("histories/\(name)"))
            }
            let file = Result { try HistoryFile.textEvents(path) }
            switch (memory, file) {
            case (.success(let expected), .success(let found)): #expect(found == expected)
            case (.failure(let expected), .failure(let found)): #expect("\(found)" == "\(expected)")
            default: Issue.record("\(name): \(memory) but \(file)")
            }
        }
        print("histories: \(names.count) cases read from files")
        #expect(names.count == 173)
    }

    @Test("a file that cannot be read has the reference's words")
    func unreadable() throws {
        try withTemporaryFolder { folder in
            let missing = #expect(throws: TextHistoryError.self) {
                try HistoryFile.textEvents(folder + "/missing.txt")
            }
            #expect(missing?.description == "i/o error: No such file or directory (os error 2)")
            let isFolder = #expect(throws: TextHistoryError.self) {
                try HistoryFile.textEvents(folder)
            }
            #expect(isFolder?.description == "i/o error: Is a directory (os error 21)")
        }
    }

    @Test("a line longer than a portion is one line")
    func longLine() throws {
        try withTemporaryFolder { folder in
            let members = (1...100_000).map(String.init).joined(separator: ",")
            let line =
                "sequence=1 process=p time_millis=1 operation=reserve_bundle operation_id=1"
                + " resource_ids=\(members) outcome=ambiguous reason=timeout"
            let path = folder + "/long.txt"
            try DurableFiles.replace(path, with: Array("version=1\n\(line)\n\(line)".utf8))
            let events = try HistoryFile.textEvents(path)
            #expect(events.map(\.operation.resourceIDs.count) == [100_000, 100_000])
        }
    }
}
