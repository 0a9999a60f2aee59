# After how many steps z = z * z + c is further than 2 from 0, for c = re + im i; 100 if it stays.
BEGIN {
    for (steps = 0; steps < 100 && x * x + y * y <= 4; steps++) {
        next_x = x * x - y * y + re
        y = 2 * x * y + im
        x = next_x
    }
    print re "," im "," steps
}
