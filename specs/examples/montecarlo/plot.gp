set terminal svg size 640,360 font "sans-serif,13"
set output "prices.svg"
set datafile separator ","
set xlabel "strike"
set ylabel "worth today"
set grid
phi(x) = 0.5 * (1 + erf(x / sqrt(2)))
d(k) = (log(100.0 / k) + 0.03 + 0.02) / 0.2
plot [78:122] 100 * phi(d(x)) - x * exp(-0.03) * phi(d(x) - 0.2) title "formula of Black and Scholes" linewidth 2, \
    "prices.csv" using 1:2:(3 * $3) with yerrorbars pointtype 7 pointsize 0.5 title "Monte Carlo, three standard errors"
