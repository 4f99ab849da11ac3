/// Small scripts that ask `PROGRAM __complete` for everything, so they never go stale.
public enum CompletionScript: String, Sendable, CaseIterable {
  case bash
  case zsh
  case fish

  public func text(for program: String) -> String {
    let template =
      switch self {
      case .bash: Self.bashText
      case .zsh: Self.zshText
      case .fish: Self.fishText
      }
    return template.split(separator: "PROGRAM", omittingEmptySubsequences: false)
      .joined(separator: program) + "\n"
  }

  // Bash breaks words at "=" and ":"; they are joined again before asking, and what the shell already
  // has of the word is cut from each answer.
  private static let bashText = #"""
    # bash completion for PROGRAM
    _PROGRAM_complete() {
      local line="${COMP_LINE:0:COMP_POINT}" word answer kind IFS=$' \t\n'
      local -a words
      read -ra words <<<"$line"
      [[ $line == *[[:space:]] ]] && words+=("")
      local whole="${words[${#words[@]}-1]}" part="${COMP_WORDS[COMP_CWORD]}"
      [[ $part == "=" || $part == ":" ]] && part=""
      local lead="${whole%"$part"}"
      COMPREPLY=()
      kind=":none"
      while IFS= read -r answer; do
        case $answer in
          :*) kind=$answer ;;
          *)
            word="${answer%%$'\t'*}"
            COMPREPLY+=("$(printf '%q' "${word#"$lead"}")")
            ;;
        esac
      done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
      case $kind in
        :file) compopt -o filenames; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$part") ;;
        :directory) compopt -o filenames; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$part") ;;
      esac
    }
    complete -F _PROGRAM_complete PROGRAM
    """#

  private static let zshText = #"""
    #compdef PROGRAM
    _PROGRAM() {
      local answer kind=":none" word help
      local -a candidates
      for answer in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        case $answer in
          :*) kind=$answer ;;
          *)
            word="${answer%%$'\t'*}"
            help="${answer#*$'\t'}"
            [[ $answer == *$'\t'* ]] || help=""
            candidates+=("${word//:/\\:}${help:+:$help}")
            ;;
        esac
      done
      (( $#candidates )) && _describe 'PROGRAM' candidates
      case $kind in
        :file) _files ;;
        :directory) _files -/ ;;
      esac
    }
    if [[ $funcstack[1] == _PROGRAM ]]; then _PROGRAM "$@"; else compdef _PROGRAM PROGRAM; fi
    """#

  private static let fishText = #"""
    # fish completion for PROGRAM
    function __PROGRAM_complete
      set -l words (commandline -opc) (commandline -ct)
      for answer in ($words[1] __complete $words[2..-1] 2>/dev/null)
        switch $answer
          case ':file'
            __fish_complete_path (commandline -ct)
          case ':directory'
            __fish_complete_directories (commandline -ct)
          case ':*'
          case '*'
            printf '%s\n' $answer
        end
      end
    end
    complete -c PROGRAM -f -a '(__PROGRAM_complete)'
    """#
}
