import Digests
import DurableFiles
public import History
import JSONText
public import SystemCalls

/// The page of a bundle, made from what lies in it.
public enum BundleReport {
    public enum Failure: Error, Sendable, CustomStringConvertible {
        /// The folder holds neither a manifest nor a record.
        case noBundle(String)
        /// The manifest is not one of this tool's.
        case manifest(String)
        case record(HistoryFileError)
        case system(SystemError)
        case noDigests

        public var description: String {
            switch self {
            case .noBundle(let folder):
                "`\(folder)` holds neither a \(BundleWriter.manifestName) nor a history.record"
            case .manifest(let problem): "\(BundleWriter.manifestName): \(problem)"
            case .record(let error): "the record cannot be read: \(error)"
            case .system(let error): "\(error)"
            case .noDigests: "libcrypto offers no SHA-256"
            }
        }
    }

    /// Largest manifest that is read.
    static let manifestLimit = 64 << 20

    /// The page of the bundle in `folder`: its conclusions are those of the manifest. A bundle
    /// without one, because the tool was killed, is judged now.
    public static func page(of folder: String) throws(Failure) -> ReportPage {
        let manifest = try self.manifest(of: folder)
        let record = try self.record(of: folder)
        var facts: ReportFacts
        if let manifest {
            guard let known = ReportFacts(manifest: manifest) else {
                throw .manifest("it names no run or no verdict")
            }
            facts = known
        } else if let record {
            facts = ReportPage(judging: record).facts
            facts.remarks.append(
                "The bundle was never completed: the tool was killed before it could conclude. "
                    + "What stands here is what its record says.")
        } else {
            throw .noBundle(folder)
        }
        var page = ReportPage(facts: facts, record: record)
        addEvidence(of: folder, to: &page)
        return page
    }

    /// Writes the page into its bundle, and its new digest into the manifest. Every other file
    /// stays as it is.
    public static func write(_ page: ReportPage, into folder: String) throws(Failure) {
        let bytes = try self.bytes(of: page)
        do throws(SystemError) {
            try DurableFiles.replace(Path.join(folder, ReportPage.fileName), with: bytes)
        } catch {
            throw .system(error)
        }
        guard let manifest = try manifest(of: folder) else { return }
        let entry: JSONText
        do throws(BundleError) {
            entry = BundleWriter.entry(
                ReportPage.fileName, bytes: bytes.count, digest: try BundleDigest.of(bytes))
        } catch {
            throw .noDigests
        }
        let new = replacing(entry, in: manifest)
        guard new != manifest else { return }
        do throws(SystemError) {
            try DurableFiles.replace(
                Path.join(folder, BundleWriter.manifestName), with: Array(new.indented.utf8))
        } catch {
            throw .system(error)
        }
    }

    /// Writes the page somewhere else, whole or not at all.
    public static func write(_ page: ReportPage, to path: String) throws(Failure) {
        let bytes = try self.bytes(of: page)
        do throws(SystemError) {
            try DurableFiles.replace(path, with: bytes)
        } catch {
            throw .system(error)
        }
    }

    private static func bytes(of page: ReportPage) throws(Failure) -> [UInt8] {
        do throws(SHA256.Unavailable) {
            return try page.bytes()
        } catch {
            throw .noDigests
        }
    }

    private static func replacing(_ entry: JSONText, in manifest: JSONText) -> JSONText {
        guard case .object(let members) = manifest else { return manifest }
        return .object(
            members.map { member in
                guard member.name == "files" else { return member }
                let others = member.value.elements.filter { $0["name"] != entry["name"] }
                let files = (others + [entry]).sorted {
                    ($0["name"].string ?? "") < ($1["name"].string ?? "")
                }
                return .init(member.name, .array(files))
            })
    }

    private static func manifest(of folder: String) throws(Failure) -> JSONText? {
        let path = Path.join(folder, BundleWriter.manifestName)
        guard FileSystem.exists(path) else { return nil }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(path, limit: manifestLimit)
        } catch {
            throw .system(error)
        }
        let manifest: JSONText
        do throws(JSONReadError) {
            manifest = try JSONText(parsing: bytes)
        } catch {
            throw .manifest("\(error)")
        }
        guard manifest["format"].string == BundleWriter.manifestFormat,
            manifest["version"].integer() == 1
        else { throw .manifest("it is of another format or version") }
        return manifest
    }

    private static func record(of folder: String) throws(Failure) -> RunRecord? {
        let path = Path.join(folder, "history.record")
        guard FileSystem.exists(path) else { return nil }
        do throws(HistoryFileError) {
            return try RunRecord(contentsOf: path)
        } catch {
            throw .record(error)
        }
    }

    private static func text(of name: String, in folder: String) -> String? {
        let bytes = try? FileSystem.read(Path.join(folder, name), limit: manifestLimit)
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// What the bundle holds besides record and conclusions. A file that cannot be understood is a
    /// remark and not the end.
    static func addEvidence(of folder: String, to page: inout ReportPage) {
        page.schedule = text(of: "schedule.txt", in: folder)
        guard let text = text(of: ReplicaObservations.fileName, in: folder) else { return }
        do throws(ReplicaObservations.Malformed) {
            page.observations = try ReplicaObservations.parse(text)
        } catch {
            page.facts.remarks.append("\(error)")
        }
    }
}
