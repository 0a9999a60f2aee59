// A glass ball and six others that go around it once in 24 frames; the clock is the number of the frame.
#version 3.7;
global_settings { assumed_gamma 1 max_trace_level 8 }
#declare Turn = 15 * clock;
camera { location <0, 3, -8> look_at <0, 0.6, 0> angle 38 right x * image_width / image_height }
light_source { <-6, 9, -6> color rgb 1 }
light_source { <6, 4, -8> color rgb <0.35, 0.4, 0.6> shadowless }
sky_sphere { pigment { gradient y color_map { [0 color rgb <0.9, 0.75, 0.6>] [0.6 color rgb <0.2, 0.35, 0.65>] } } }
plane { y, 0 pigment { checker color rgb 0.9 color rgb <0.15, 0.25, 0.4> } finish { reflection 0.15 diffuse 0.7 } }
sphere { <0, 1.1, 0>, 1.1
  pigment { color rgbf <0.95, 1, 0.98, 0.92> }
  finish { specular 0.9 roughness 0.002 reflection { 0.05, 0.6 fresnel } conserve_energy }
  interior { ior 1.5 } }
#declare Ball = 0;
#while (Ball < 6)
  sphere { <2.4, 0.45 + 0.3 * abs(sin(radians(Turn + 60 * Ball))), 0>, 0.45
    #declare Hue = radians(60 * Ball);
    pigment { color 0.5 + 0.5 * <cos(Hue), cos(Hue + 2 * pi / 3), cos(Hue + 4 * pi / 3)> }
    finish { specular 0.6 reflection 0.25 }
    rotate y * (60 * Ball + Turn) }
  #declare Ball = Ball + 1;
#end
