import Testing

@testable import Model

struct ASCIICharacterTests {
  @Test func hexDigitsOfBothCasesHaveAValue() {
    for byte in UInt8.min...UInt8.max {
      let character = Character(Unicode.Scalar(byte))
      let value = byte < 0x80 ? character.hexDigitValue.map { UInt8($0) } : nil
      #expect(byte.hexDigitValue == value, "\(byte)")
    }
  }
}
