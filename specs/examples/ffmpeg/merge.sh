# Joins all clips of the working directory in the order of their names, and makes a sheet of a frame a second.
set -e
for clip in *.mp4; do echo "file '$PWD/$clip'"; done > clips.txt
ffmpeg -v error -f concat -safe 0 -i clips.txt -c copy film.mp4
ffmpeg -v error -i film.mp4 -vf fps=1,scale=160:-1,tile=6x1 -frames:v 1 sheet.png
