import Testing

/// Tests against real daemons. One cluster at a time: three daemons, a test client and their
/// disks are enough for a small machine.
@Suite("Three real daemons keep their promises", .serialized)
enum EndToEndTests {}
