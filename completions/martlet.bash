# bash completion for martlet
_martlet_complete() {
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
complete -F _martlet_complete martlet
