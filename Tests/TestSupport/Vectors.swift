public import Foundation

/// The golden data under `Tests/Vectors`, recorded from a reference implementation.
public enum Vectors {
    public static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Vectors")

    /// One JSON file of the folder, for example `commands.json`.
    public static func json(_ name: String) throws -> JSONValue {
        let data = try Data(contentsOf: folder.appending(path: name))
        return try JSONValue(JSONSerialization.jsonObject(with: data, options: [.fragmentsAllowed]))
    }

    public static func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: folder.appending(path: name)))
    }
}
