# Names, load balancers, interfaces to the outside.
resource "aws_route53_zone" "main" {
  count   = 2
  name    = "estate-${count.index}.test"
  comment = "estate"
  tags    = { Name = "estate" }
}

resource "aws_route53_record" "plain" {
  count   = 4
  zone_id = aws_route53_zone.main[0].zone_id
  name    = "www${count.index}"
  type    = "A"
  ttl     = 300
  records = ["192.0.2.1", "192.0.2.2"]
}

resource "aws_route53_record" "alias" {
  zone_id = aws_route53_zone.main[0].zone_id
  name    = "app"
  type    = "A"
  alias {
    name                   = aws_lb.main[0].dns_name
    zone_id                = aws_lb.main[0].zone_id
    evaluate_target_health = true
  }
}

resource "aws_route53_record" "text" {
  zone_id = aws_route53_zone.main[1].zone_id
  name    = "_verify"
  type    = "TXT"
  ttl     = 60
  records = ["one=1", "two=2"]
}

resource "aws_route53_health_check" "main" {
  fqdn              = "www.estate.test"
  port              = 443
  type              = "HTTPS"
  resource_path     = "/healthz"
  failure_threshold = 3
  request_interval  = 30
  tags              = { Name = "estate" }
}

resource "aws_lb" "main" {
  count              = 2
  name               = "estate-${count.index}"
  internal           = true
  load_balancer_type = "application"
  security_groups    = [aws_security_group.inline[1].id]
  subnets            = [aws_subnet.main[0].id, aws_subnet.main[1].id]
  tags               = { Name = "estate-${count.index}" }
}

resource "aws_lb_target_group" "main" {
  count    = 3
  name     = "estate-${count.index}"
  port     = 80
  protocol = "HTTP"
  vpc_id   = aws_vpc.main[0].id
  health_check {
    path    = "/healthz"
    matcher = "200"
  }
  tags = { Name = "estate-${count.index}" }
}

resource "aws_lb_target_group_attachment" "main" {
  target_group_arn = aws_lb_target_group.main[0].arn
  target_id        = aws_instance.main[0].id
  port             = 80
}

resource "aws_lb_listener" "main" {
  count             = 2
  load_balancer_arn = aws_lb.main[count.index].arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.main[0].arn
  }
  tags = { Name = "estate-${count.index}" }
}

resource "aws_lb_listener_rule" "main" {
  count        = 2
  listener_arn = aws_lb_listener.main[0].arn
  priority     = 10 + count.index
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.main[1].arn
  }
  condition {
    path_pattern {
      values = ["/api${count.index}/*"]
    }
  }
  tags = { Name = "estate-${count.index}" }
}

resource "aws_elb" "classic" {
  name    = "classic"
  subnets = [aws_subnet.main[0].id]
  listener {
    instance_port     = 80
    instance_protocol = "http"
    lb_port           = 80
    lb_protocol       = "http"
  }
  health_check {
    healthy_threshold   = 2
    unhealthy_threshold = 2
    timeout             = 3
    target              = "HTTP:80/"
    interval            = 30
  }
  tags = { Name = "classic" }
}

resource "aws_api_gateway_rest_api" "main" {
  count       = 2
  name        = "estate-${count.index}"
  description = "estate"
  tags        = { Name = "estate-${count.index}" }
}

resource "aws_api_gateway_resource" "main" {
  rest_api_id = aws_api_gateway_rest_api.main[0].id
  parent_id   = aws_api_gateway_rest_api.main[0].root_resource_id
  path_part   = "orders"
}

resource "aws_api_gateway_method" "main" {
  rest_api_id   = aws_api_gateway_rest_api.main[0].id
  resource_id   = aws_api_gateway_resource.main.id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_apigatewayv2_api" "main" {
  count         = 2
  name          = "estate-${count.index}"
  protocol_type = "HTTP"
  description   = "estate"
  tags          = { Name = "estate-${count.index}" }
}

resource "aws_wafv2_ip_set" "main" {
  name               = "offices"
  description        = "offices"
  scope              = "REGIONAL"
  ip_address_version = "IPV4"
  addresses          = ["203.0.113.0/24", "198.51.100.0/24"]
  tags               = { Name = "offices" }
}

resource "aws_wafv2_web_acl" "main" {
  name  = "estate"
  scope = "REGIONAL"
  default_action {
    allow {}
  }
  visibility_config {
    cloudwatch_metrics_enabled = false
    metric_name                = "estate"
    sampled_requests_enabled   = false
  }
  tags = { Name = "estate" }
}
