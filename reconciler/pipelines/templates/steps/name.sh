name=$(printf %s "${spec%.*}" | tr -cs 'A-Za-z0-9._' -)
