import Model
import Testing

@Suite struct LineRecordTests {
  @Test(arguments: ["plain", "", "two\nlines", "back\\slash", "\\n", "nul\0", "cr\r", " spaced "])
  func keepsAnyValue(value: String) {
    var record = LineRecord()
    record.append("key", value)
    #expect(LineRecord(parsing: record.text)?["key"] == value)
  }

  @Test func keepsOrderAndRepeats() {
    let record = LineRecord(parsing: "a 1\nb 2\na 3\n")
    #expect(record?.all("a") == ["1", "3"])
    #expect(record?.fields.map(\.key) == ["a", "b", "a"])
  }

  @Test(arguments: ["a 1", "a 1\nb", "noseparator\n", " \n"])
  func refusesATornRecord(text: String) {
    #expect(LineRecord(parsing: text) == nil)
  }

  @Test func tellsTheFieldsBeforeATornOne() {
    var told: [String] = []
    #expect(!LineRecord.read(Array("a 1\nb x\\ny\nc 3".utf8)) { told.append("\($0)=\($1)") })
    #expect(told == ["a=1", "b=x\ny"])
    #expect(LineRecord.read([]) { _, _ in })
  }

  @Test func settingReplacesAllValues() {
    var record = LineRecord(parsing: "a 1\na 2\nb 3\n")
    record?["a"] = "4"
    #expect(record?.all("a") == ["4"])
    record?["a"] = nil
    #expect(record?["a"] == nil)
  }
}
